-- Each CT series that is complete goes on to Turnstile; what Turnstile itself sent does not come back to it.
function OnStableSeries(series, tags, metadata)
  sendAgainWhatFailed()
  if tags['Modality'] == 'CT' and metadata['RemoteAET'] ~= 'TURNSTILE' then
    RestApiPost('/modalities/turnstile/store', '{"Resources": ["' .. series .. '"], "Asynchronous": true}')
  end
end

-- Every LuaHeartBeatPeriod seconds, in Orthanc 1.11 and later.
function OnHeartBeat()
  sendAgainWhatFailed()
end

function sendAgainWhatFailed()
  for _, job in pairs(ParseJson(RestApiGet('/jobs?expand'))) do
    if job['Type'] == 'DicomModalityStore' and job['State'] == 'Failure' then
      RestApiPost('/jobs/' .. job['ID'] .. '/resubmit', '')
    end
  end
end
